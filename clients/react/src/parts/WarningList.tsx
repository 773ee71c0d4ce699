// What the server says against its own answer.
import { Alert } from "antd";

import type { Answer } from "../server";

export function WarningList({ warnings }: { warnings: Answer["warnings"] }) {
  return warnings.map(({ code, detail, fix }) => (
    <Alert key={code} type="warning" showIcon title={detail} description={fix} />
  ));
}
