// The picture, with a box around each finding once there is an answer.
import { useEffect, useRef } from "react";

import { useSpeech } from "../language/language";
import type { Answer } from "../server";
import { BoxLayer } from "./BoxLayer";

interface Props {
  picture: File;
  answer: Answer | null;
  nameOf: (label: string) => string;
  colorOf: (label: string) => string;
}

export function PicturePreview({ picture, answer, nameOf, colorOf }: Props) {
  const { texts } = useSpeech();
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const url = URL.createObjectURL(picture);
    if (image.current) image.current.src = url;
    return () => { URL.revokeObjectURL(url); };
  }, [picture]);
  return (
    <div className="flex justify-center rounded-lg bg-slate-200">
      <div className="relative">
        <img
          ref={image}
          alt={texts.chosen}
          className="block max-h-[65vh] max-w-full rounded-lg"
        />
        {answer && <BoxLayer answer={answer} nameOf={nameOf} colorOf={colorOf} />}
      </div>
    </div>
  );
}
