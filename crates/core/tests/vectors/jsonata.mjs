// Writes jsonata.json: what the reference implementation (jsonata-js, of ui/node_modules) answers to many expressions.
// node crates/core/tests/vectors/jsonata.mjs
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

const here = new URL(".", import.meta.url);
const jsonata = createRequire(new URL("../../../../ui/package.json", here))("jsonata");
const data = {
  a: 1,
  s: "hello",
  list: [3, 1, 2],
  words: ["b", "a"],
  one: [7],
  none: null,
  empty: [],
  nested: [[1, 2], [3]],
  o: { x: 1, y: { z: "deep" } },
  rows: [
    { id: 1, sku: "a", price: 10.5, tags: ["x", "y"] },
    { id: 2, sku: "b", price: 3, tags: [] },
    { id: 3, sku: "a", price: 99 },
  ],
  others: [{ sku: "a", stock: 5 }, { sku: "c", stock: 1 }],
};
const values = [
  "1", "-1.5", "0", "16", '"hello"', '""', '"12"', '"#,##0.00"', '"[Y0001]-[M01]-[D01]"', '"a b?é&\\"<%>"', "true", "null", "[]", "[1,2]", '["a","b"]',
  '[1,"a"]', "{}", '{"a":1}', '[{"a":1},{"a":2}]', "missing", "function($x){$x}", "/l/",
];
const functions = [
  "abs", "append", "assert", "average", "base64decode", "base64encode", "boolean", "ceil", "contains", "count",
  "decodeUrl", "decodeUrlComponent", "distinct", "each", "encodeUrl", "encodeUrlComponent", "error", "exists",
  "filter", "floor", "formatBase", "formatInteger", "formatNumber", "fromMillis", "join", "keys", "length", "lookup",
  "lowercase", "map", "match", "max", "merge", "min", "not", "number", "pad", "parseInteger", "power", "reduce",
  "replace", "reverse", "round", "sift", "single", "sort", "split", "spread", "sqrt", "string", "substring",
  "substringAfter", "substringBefore", "sum", "toMillis", "trim", "type", "uppercase", "zip",
];

/** The same numbers every time. */
let seed = 20261128;
const draw = (below) => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return Math.floor((seed / 4294967296) * below);
};

const sources = [];
for (const name of functions) {
  sources.push(`$${name}()`);
  for (const first of values) sources.push(`$${name}(${first})`, `${first}.$${name}()`);
  for (const first of values) for (const second of values) {
    if (draw(9) === 0) sources.push(`$${name}(${first}, ${second})`);
  }
  for (let at = 0; at < 25; at += 1) {
    const args = Array.from({ length: 3 + draw(2) }, () => values[draw(values.length)]);
    sources.push(`$${name}(${args.join(", ")})`);
  }
}
const operators = ["+", "-", "*", "/", "%", "&", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in", "..", "??", "?:", "~>"];
for (const operator of operators) for (const left of values) for (const right of values) {
  if (draw(8) !== 0) continue;
  const source = `${left} ${operator} ${right}`;
  sources.push(operator === ".." ? `[${source}]` : source);
}
const written = readFileSync(new URL("jsonata.txt", here), "utf8").split("\n");
sources.push(...written.filter((line) => line !== "" && !line.startsWith("# ")));

const answers = [];
for (const source of new Set(sources)) {
  try {
    const value = await jsonata(source).evaluate(structuredClone(data));
    if (typeof value === "function" || value?._jsonata_lambda || value?._jsonata_function) continue;
    const text = JSON.stringify(value);
    // Half a surrogate pair is no text to JSON.
    if (text !== undefined && /\\ud[89a-f]/.test(text)) continue;
    answers.push(text === undefined ? [source] : [source, JSON.parse(text)]);
  } catch (error) {
    answers.push([source, null, error.code ?? "error"]);
  }
}
const lines = answers.map((answer) => JSON.stringify(answer));
writeFileSync(new URL("jsonata.json", here), `{"data":${JSON.stringify(data)},"answers":[\n${lines.join(",\n")}\n]}\n`);
console.log(answers.length);
