import { expect, test } from "bun:test";
import { keepRunning } from "./keep-running.ts";

function children() {
  const started: { end: (status: number) => void; signals: string[] }[] = [];
  const launch = async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const child = { end: resolve, signals: [] as string[] };
    started.push(child);
    const kill = (signal: string) => {
      child.signals.push(signal);
      resolve(0);
    };
    return { exited: promise, kill };
  };
  return { started, launch };
}

const until = async (isSo: () => boolean) => {
  while (!isSo()) await Bun.sleep(5);
};

test("what ends by itself is launched again, also after launches that fail, and is stopped once", async () => {
  const { started, launch } = children();
  const faults: string[] = [];
  let failures = 1;
  const kept = await keepRunning({
    launch: () => (started.length === 1 && failures-- > 0 ? Promise.reject(new Error("not yet")) : launch()),
    onFault: ({ message }) => void faults.push(message),
  });
  started[0]!.end(137);
  await until(() => started.length === 2);
  expect(faults).toEqual(["it ended with status 137 and is started again", "not yet"]);
  await kept.stop();
  expect(started.map(({ signals }) => signals)).toEqual([[], ["SIGINT"]]);
}, 10_000);

test("a stop does not wait for the next launch", async () => {
  const { started, launch } = children();
  const kept = await keepRunning({ launch, onFault: () => {} });
  started[0]!.end(1);
  await Bun.sleep(5);
  await kept.stop();
  await Bun.sleep(300);
  expect(started).toHaveLength(1);
});

test("the first launch that fails is the caller's", async () => {
  const launch = () => Promise.reject(new Error("no disk"));
  await expect(keepRunning({ launch, onFault: () => {} })).rejects.toThrow("no disk");
});
