/** Reads a secret: all of stdin when that is a pipe or file, else typed on the terminal without being shown. */
export async function readSecret(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return (await Bun.stdin.text()).trim();
  stderr.write(prompt);
  stdin.setRawMode(true);
  try {
    return await readTyped(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}

async function readTyped(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  let typed = "";
  for await (const chunk of stdin) {
    for (const character of chunk.toString()) {
      if (character === "\r" || character === "\n" || character === "\u0004") return typed.trim();
      // Ctrl-C, which a raw terminal hands over as a character.
      if (character === "\u0003") return "";
      typed = character === "\u007f" || character === "\b" ? typed.slice(0, -1) : typed + character;
    }
  }
  return typed.trim();
}
