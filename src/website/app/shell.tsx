import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { Anchor, LogOut } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError, api } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";

/** The frame of every page; without a session there is only the way to get one. */
export function Shell() {
  const me = useQuery({ queryKey: ["me"], queryFn: api.me, staleTime: 60_000 });
  const isSignedOut = me.error instanceof ApiError && me.error.status === 401;
  return (
    <div className="flex min-h-dvh flex-col">
      <Header isSignedIn={me.isSuccess} />
      <main className="mx-auto w-full max-w-5xl flex-1 px-4 py-8 sm:px-6 sm:py-12">
        {me.isSuccess ? <Outlet /> : isSignedOut ? <SignedOut /> : me.error ? <ErrorNote error={me.error} /> : null}
      </main>
      <footer className="mx-auto w-full max-w-5xl px-4 pb-8 text-sm text-soft sm:px-6">
        {me.data ? `Berth ${me.data.version}` : "Berth"}
      </footer>
    </div>
  );
}

function Header({ isSignedIn }: { isSignedIn: boolean }) {
  const queries = useQueryClient();
  const signOut = useMutation({ mutationFn: api.signOut, onSuccess: () => queries.resetQueries() });
  return (
    <header className="border-b border-line bg-card">
      <div className="mx-auto flex h-14 max-w-5xl items-center gap-6 px-4 sm:px-6">
        <Link to="/" className="flex items-center gap-2 text-lg font-semibold tracking-tight">
          <span className="grid size-7 place-items-center rounded-lg bg-accent text-on-accent">
            <Anchor size={16} strokeWidth={2.4} aria-hidden />
          </span>
          Berth
        </Link>
        {isSignedIn && (
          <nav aria-label="Main" className="flex flex-1 items-center gap-1 text-sm">
            <NavLink to="/projects">Projects</NavLink>
            <button
              type="button"
              className="ml-auto flex items-center gap-2 px-2 py-1 text-soft hover:text-ink"
              onClick={() => signOut.mutate()}
            >
              <LogOut size={15} aria-hidden /> Sign out
            </button>
          </nav>
        )}
      </div>
    </header>
  );
}

function NavLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link
      to={to}
      className="rounded-md px-2.5 py-1.5 text-soft hover:text-ink"
      activeProps={{ className: "bg-sunk !text-ink" }}
    >
      {children}
    </Link>
  );
}

function SignedOut() {
  return (
    <section className="mx-auto mt-[8vh] max-w-md text-center">
      <h1 className="text-2xl font-semibold tracking-tight">You are not signed in</h1>
      <p className="mt-3 text-soft">
        <code className="rounded bg-sunk px-1.5 py-0.5 font-mono text-sm">berth up</code> prints a sign-in link when it
        starts. The link works once; start the platform anew for another one.
      </p>
    </section>
  );
}

export function NotFoundPage() {
  return (
    <section className="mt-[8vh] text-center">
      <h1 className="text-2xl font-semibold tracking-tight">There is no such page</h1>
      <Link to="/" className="button mt-6">
        To the start
      </Link>
    </section>
  );
}
