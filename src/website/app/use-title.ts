import { useEffect } from "react";

/** Names the page in the tab and to screen readers. */
export function useTitle(text: string): void {
  useEffect(() => {
    document.title = `${text} · Berth`;
  }, [text]);
}
