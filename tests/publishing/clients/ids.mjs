// node ids.mjs <library> < document: prints the ids of the entries as that library gives them, as a JSON array.
import { readFileSync } from "node:fs";

const readers = {
  "rss-parser": async (text) => {
    const { default: Parser } = await import("rss-parser");
    return (await new Parser().parseString(text)).items.map((item) => item.id ?? item.guid);
  },
  feedsmith: async (text) => {
    const { parseFeed } = await import("feedsmith");
    const { feed } = parseFeed(text);
    return (feed.entries ?? feed.items).map((item) => item.id ?? item.guid.value);
  },
  "@rowanmanning/feed-parser": async (text) => {
    const { parseFeed } = await import("@rowanmanning/feed-parser");
    return parseFeed(text).items.map((item) => item.id);
  },
};

console.log(JSON.stringify(await readers[process.argv[2]](readFileSync(0, "utf8"))));
