// Reads a JSON array of {name, query} from standard input, and prints the name of each query that is not valid Flux: types are
// checked, names of functions and packages also.
const { is_valid_flux } = require("@influxdata/flux-lsp-node");

let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => {
  for (const { name, query } of JSON.parse(text)) {
    if (!is_valid_flux(query)) console.log(name);
  }
});
