// Where a picture is dropped or chosen: one file, PNG or JPEG.
import { InboxOutlined } from "@ant-design/icons";
import { Upload } from "antd";

import { useSpeech } from "../language/language";

const TYPES = ["image/png", "image/jpeg"];

interface Props {
  onPicture: (picture: File) => void;
  onWrongFile: () => void;
}

export function PictureDrop({ onPicture, onWrongFile }: Props) {
  const { texts } = useSpeech();
  const receive = (file: File) => {
    if (TYPES.includes(file.type)) onPicture(file);
    else onWrongFile();
    return Upload.LIST_IGNORE; // nothing is sent before the person asks
  };
  return (
    <Upload.Dragger
      // The filter lets every dropped file through to `receive`, which says what is wrong with it.
      accept={{ format: TYPES.join(","), filter: () => true }}
      multiple={false}
      showUploadList={false}
      beforeUpload={receive}
      height={280}
    >
      <p className="text-5xl text-accent" aria-hidden>
        <InboxOutlined />
      </p>
      <p className="mt-3 text-lg">{texts.drop}</p>
      <p className="text-slate-600">{texts.dropNote}</p>
    </Upload.Dragger>
  );
}
