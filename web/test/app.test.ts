import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, isOnlyHere, isOpenHttp, noticeOf, tokenCommand } from "../src/views/setup/app.ts";

test("without a public URL the address of the page is shown, with the path of a proxy", () => {
  const app = { url: null, path: "/in", header: "X-API-Key" };
  const here = { origin: "https://home.example", pathname: "/health/" };
  assert.deepEqual(appOf({ app }, here), { url: "https://home.example/health", path: "/in", header: "X-API-Key" });
  assert.equal(appOf({ app: { ...app, url: "https://h.example" } }, here).url, "https://h.example");
  assert.equal(appOf(null, { origin: "http://pi.local:3000", pathname: "/" }).url, "http://pi.local:3000");
});

test("an address that only this machine reaches is noticed", () => {
  const check = (url: string, isHere: boolean, isOpen: boolean) =>
    assert.deepEqual([isOnlyHere(url), isOpenHttp(url)], [isHere, isOpen], url);
  check("http://127.0.0.1:3000", true, false);
  check("http://localhost:3000", true, false);
  check("http://[::1]:3000", true, false);
  check("http://192.168.1.20:3000", false, true);
  check("https://health.example.com", false, false);
  check("not a URL", false, false);
});

test("a name is quoted for a shell", () => {
  assert.equal(tokenCommand("anna"), "healthsink token new --person anna --label phone");
  assert.equal(tokenCommand("a b'; rm"), "healthsink token new --person 'a b'\\''; rm' --label phone");
});

test("once data has arrived, no notice says that it cannot", () => {
  assert.equal(noticeOf("http://127.0.0.1:3000", false), "onlyHere");
  assert.equal(noticeOf("http://127.0.0.1:3000", true), "otherAddress");
  assert.equal(noticeOf("http://192.168.1.20:3000", false), null);
});
