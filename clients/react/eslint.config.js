import reactHooks from "eslint-plugin-react-hooks";
import typescript from "typescript-eslint";

export default typescript.config(
  { ignores: ["dist", "src/client", "test-results"] },
  ...typescript.configs.strict,
  reactHooks.configs.flat["recommended-latest"],
);
