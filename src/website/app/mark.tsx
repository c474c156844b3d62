/** The mark: an anchor whose ring is a bollard. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" className="size-8" aria-hidden="true">
      <rect width="32" height="32" rx="9" className="fill-accent" />
      <g className="stroke-on-accent" fill="none" strokeWidth="2.4" strokeLinecap="round">
        <path d="M16 11v14.5M11.5 14.5h9M7.5 18.5c.6 4.400 4.200 7 8.500 7s7.900-2.600 8.500-7" />
        <circle cx="16" cy="8.200" r="2.400" />
      </g>
    </svg>
  );
}

/** Depth lines as on a sea chart, behind the first thing that one sees. */
export function DepthLines() {
  return (
    <svg
      viewBox="0 0 1200 420"
      preserveAspectRatio="xMidYMid slice"
      className="pointer-events-none absolute inset-0 -z-10 size-full mask-[linear-gradient(90deg,transparent,black_65%,transparent)] text-accent"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
    >
      {[0, 1, 2, 3, 4, 5, 6].map((line) => (
        <path
          key={line}
          opacity={0.26 - line * 0.032}
          strokeWidth={line === 0 ? 1.6 : 1}
          d={`M-20 ${388 - line * 52} C 160 ${338 - line * 60}, 300 ${412 - line * 34}, 480 ${372 - line * 50} S 800 ${330 - line * 58}, 960 ${376 - line * 36} S 1140 ${402 - line * 52}, 1240 ${340 - line * 46}`}
        />
      ))}
    </svg>
  );
}
