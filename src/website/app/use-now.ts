import { useEffect, useState } from "react";

/** The time, told again and again while it matters. */
export function useNow({ everyMs, isRunning }: { everyMs: number; isRunning: boolean }): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isRunning]);
  return now;
}
