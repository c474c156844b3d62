import { useInfiniteQuery } from "@tanstack/react-query";
import type { Deployment } from "../../model/deployment.ts";
import { api } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";
import { formatBytes } from "./format.ts";

export function FilesTable({ deployment }: { deployment: Deployment }) {
  const files = useInfiniteQuery({
    queryKey: ["files", deployment.id],
    queryFn: ({ pageParam }) => api.files(deployment.id, pageParam),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
  });
  if (files.error) return <ErrorNote error={files.error} />;
  const rows = files.data?.pages.flatMap((page) => page.files) ?? [];
  return (
    <section aria-labelledby="files">
      <h2 id="files" className="mb-3 text-lg font-semibold tracking-tight">
        Files
      </h2>
      <div className="card overflow-x-auto">
        <table className="w-full text-sm">
          <thead className="text-left text-soft">
            <tr>
              <th className="px-5 py-2.5 font-medium">Path</th>
              <th className="px-3 py-2.5 text-right font-medium">Size</th>
              <th className="px-5 py-2.5 text-right font-medium">Sent as brotli</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line border-t border-line">
            {rows.map((file) => (
              <tr key={file.path}>
                <td className="px-5 py-2 font-mono text-[13px] break-all">
                  <a
                    href={`${deployment.url}/${file.path.split("/").map(encodeURIComponent).join("/")}`}
                    className="hover:text-accent"
                  >
                    {file.path}
                  </a>
                </td>
                <td className="px-3 py-2 text-right whitespace-nowrap tabular-nums">{formatBytes(file.size)}</td>
                <td className="px-5 py-2 text-right whitespace-nowrap text-soft tabular-nums">
                  {file.encoded.br ? formatBytes(file.encoded.br) : ""}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {files.hasNextPage && (
        <button
          type="button"
          className="button mt-3"
          onClick={() => files.fetchNextPage()}
          disabled={files.isFetchingNextPage}
        >
          More files
        </button>
      )}
    </section>
  );
}
