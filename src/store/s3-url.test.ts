import { expect, test } from "bun:test";
import { parseS3Url } from "./s3-url.ts";

test("reads bucket, prefix, endpoint and region", () => {
  expect(parseS3Url("s3://sites?endpoint=http://127.0.0.1:9000&region=eu-west-1")).toEqual({
    bucket: "sites",
    prefix: "",
    endpoint: "http://127.0.0.1:9000",
    region: "eu-west-1",
  });
  expect(parseS3Url("s3://my.bucket-1/a/b/")).toEqual({
    bucket: "my.bucket-1",
    prefix: "a/b/",
    endpoint: undefined,
    region: "us-east-1",
  });
});

test("refuses what it would read wrongly, naming the setting", () => {
  const wrong = [
    "s3://",
    "s3://B",
    "s3://ab_cd",
    "https://bucket",
    "s3://key:secret@bucket",
    "s3://bucket/a//b",
    "s3://bucket/.hidden",
    "s3://bucket?endpoint=localhost:9000",
    "s3://bucket?endpoint=http://",
    "s3://bucket?zone=1",
  ];
  for (const url of wrong) expect(() => parseS3Url(url)).toThrow(/^BERTH_STORE /);
});

test("an error never repeats a credential", () => {
  expect(() => parseS3Url("s3://key:hunter2@bucket")).not.toThrow(/hunter2/);
});
