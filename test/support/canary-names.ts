const PORT = 53;
const HEADER_BYTES = 12;
/** RFC 1035: a query's flags turned into an answer's without recursion denied; type A; class IN. */
const ANSWER_FLAGS = 0x8180;
const NAME_UNKNOWN = 3;
const TYPE_A = 1;
const CLASS_IN = 1;

/**
 * A name server (RFC 1035) on 127.0.0.1 for IPv4 addresses. Each name has the sets of addresses that it is answered
 * with in turn, with a time to live of 0; other names are unknown.
 */
export async function answerNames(names: Record<string, readonly (readonly string[])[]>): Promise<void> {
  const asked = new Map<string, number>();
  await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: PORT,
    socket: {
      data(socket, query, port, address) {
        const { name, type, end } = readQuestion(query);
        const sets = names[name];
        const turn = asked.get(name) ?? 0;
        if (type === TYPE_A) asked.set(name, turn + 1);
        const addresses = sets && type === TYPE_A ? sets[turn % sets.length]! : [];
        socket.send(answer(query.subarray(0, end), { addresses, known: sets !== undefined }), port, address);
      },
    },
  });
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join("."), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answer(question: Buffer, { addresses, known }: { addresses: readonly string[]; known: boolean }): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(known ? ANSWER_FLAGS : ANSWER_FLAGS | NAME_UNKNOWN, 2);
  for (const [index, count] of [1, addresses.length, 0, 0].entries()) head.writeUInt16BE(count, 4 + 2 * index);
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16);
    // The name by a pointer to the question's.
    record.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
    record.writeUInt16BE(TYPE_A, 2);
    record.writeUInt16BE(CLASS_IN, 4);
    record.writeUInt16BE(4, 10);
    for (const [index, part] of address.split(".").entries()) record[12 + index] = Number(part);
    return record;
  });
  return Buffer.concat([head, ...records]);
}
