import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { LogOut } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError, api } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";
import { Mark } from "./mark.tsx";
import { SignedOut } from "./signed-out.tsx";
import { useTitle } from "./use-title.ts";

/** The frame of every page; without a session there is only the way to get one. */
export function Shell() {
  const me = useQuery({ queryKey: ["me"], queryFn: api.me, staleTime: 60_000 });
  const isSignedOut = me.error instanceof ApiError && me.error.status === 401;
  return (
    <div className="flex min-h-dvh flex-col">
      <a href="#main" className="button button-main absolute top-2 left-2 z-20 -translate-y-20 focus:translate-y-0">
        Skip to the content
      </a>
      <Header isSignedIn={me.data !== undefined && !isSignedOut} />
      <main
        id="main"
        tabIndex={-1}
        className="relative mx-auto w-full max-w-6xl flex-1 px-4 pb-16 outline-none sm:px-8"
      >
        {isSignedOut ? (
          <SignedOut />
        ) : me.data ? (
          <Outlet />
        ) : me.error ? (
          <div className="mt-10">
            <ErrorNote error={me.error} onRetry={() => me.refetch()} />
          </div>
        ) : (
          <div className="skeleton mt-10 h-64" role="status" aria-label="Loading" />
        )}
      </main>
      <footer className="mx-auto w-full max-w-6xl px-4 pb-6 text-xs text-soft sm:px-8">
        {me.data ? `Berth ${me.data.version}` : "Berth"}
      </footer>
    </div>
  );
}

function Header({ isSignedIn }: { isSignedIn: boolean }) {
  const queries = useQueryClient();
  const signOut = useMutation({
    mutationFn: api.signOut,
    onSettled: () => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "me" });
      return queries.resetQueries({ queryKey: ["me"] });
    },
  });
  return (
    <header className="border-b border-line bg-card">
      <div className="mx-auto flex h-15 max-w-6xl items-center gap-3 px-4 sm:gap-8 sm:px-8">
        <Link to="/" className="flex items-center gap-2.5 rounded-md text-xl font-bold tracking-[-0.035em]">
          <Mark />
          Berth
        </Link>
        {isSignedIn && (
          <>
            <nav aria-label="Main" className="flex h-full flex-1 items-stretch gap-1 text-sm font-medium">
              <NavLink to="/">Deploy</NavLink>
              <NavLink to="/projects">Projects</NavLink>
            </nav>
            <button type="button" className="button button-quiet" onClick={() => signOut.mutate()}>
              <LogOut size={15} aria-hidden />
              <span className="max-sm:sr-only">Sign out</span>
            </button>
          </>
        )}
      </div>
    </header>
  );
}

function NavLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link
      to={to}
      className="flex items-center border-b-2 border-transparent px-2.5 pt-0.5 text-soft hover:text-ink"
      activeOptions={{ exact: to === "/" }}
      activeProps={{ className: "!border-accent !text-ink" }}
    >
      {children}
    </Link>
  );
}

export function NotFoundPage() {
  useTitle("No such page");
  return (
    <section className="mt-[14vh] text-center">
      <h1 className="title">There is no such page</h1>
      <p className="mt-3 text-soft">The address may be old, or mistyped.</p>
      <Link to="/" className="button mt-6">
        To the start
      </Link>
    </section>
  );
}
