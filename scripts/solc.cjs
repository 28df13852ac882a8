// Behind scripts/solc: solc-js through its API, so that stdout carries the JSON and nothing else.
const { readFileSync, writeSync } = require("node:fs");
const solc = require("solc");

function write(text) {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
}

const flags = process.argv.slice(2);
if (flags.includes("--version")) {
  write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (flags.includes("--standard-json")) {
  write(solc.compile(readFileSync(0, "utf8")) + "\n");
} else {
  process.stderr.write("scripts/solc knows --version and --standard-json\n");
  process.exitCode = 2;
}
