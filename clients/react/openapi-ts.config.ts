// How src/client is generated from openapi.json, the server's document (make client).
import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "openapi.json",
  output: "src/client",
  plugins: ["@hey-api/client-axios", "@hey-api/typescript", "@hey-api/sdk"],
});
