// Writes the cases of the CEL specification as JSON, as the npm package @bufbuild/cel-spec has them.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, target] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const path = require.resolve("@bufbuild/cel-spec/testdata/conformance.js");
const { tests } = await import(pathToFileURL(path).href);
writeFileSync(target, JSON.stringify(tests));
