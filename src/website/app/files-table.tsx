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
  if (files.error && !files.data) return <ErrorNote error={files.error} onRetry={() => files.refetch()} />;
  if (files.isPending) return <div className="skeleton h-48" role="status" aria-label="Loading" />;
  const rows = files.data.pages.flatMap((page) => page.files);
  return (
    <section aria-labelledby="files">
      <h2 id="files" className="heading mb-3 flex items-baseline gap-2">
        Files
        <span className="text-sm font-normal text-soft">{files.data.pages[0]?.total.toLocaleString("en")}</span>
      </h2>
      <div className="card overflow-x-auto">
        <table className="w-full text-sm">
          <thead className="text-left text-soft">
            <tr>
              <th className="px-5 py-2.5 font-medium" scope="col">
                Path
              </th>
              <th className="px-5 py-2.5 text-right font-medium" scope="col">
                Size
              </th>
              <th className="px-5 py-2.5 text-right whitespace-nowrap max-sm:hidden font-medium" scope="col">
                As brotli
              </th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line border-t border-line">
            {rows.map((file) => (
              <tr key={file.path}>
                <td className="px-5 py-2 font-mono text-[13px] break-all">
                  <a
                    href={`${deployment.url}/${file.path.split("/").map(encodeURIComponent).join("/")}`}
                    target="_blank"
                    rel="noreferrer"
                    className="hover:text-accent hover:underline"
                  >
                    {file.path}
                  </a>
                </td>
                <td className="px-5 py-2 text-right whitespace-nowrap tabular-nums">{formatBytes(file.size)}</td>
                <td className="px-5 py-2 text-right max-sm:hidden whitespace-nowrap text-soft tabular-nums">
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
