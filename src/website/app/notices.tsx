import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import type { ReactNode } from "react";

const manager = Toast.createToastManager();

/** Says what was done, aloud to screen readers too. */
export function notify(title: string): void {
  manager.add({ title });
}

export function Notices({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={manager}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-4 bottom-4 z-30 grid justify-items-end gap-2 sm:left-auto sm:w-88">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="flex w-full items-center gap-3 rounded-xl bg-ink py-2.5 pr-2 pl-4 text-sm font-medium text-page shadow-lg transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0"
    >
      <Toast.Title className="min-w-0 flex-1 break-words" />
      <Toast.Close className="grid size-8 cursor-pointer place-items-center rounded-md" aria-label="Dismiss">
        <X size={15} aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ));
}
