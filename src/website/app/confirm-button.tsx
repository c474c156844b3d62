import { AlertDialog } from "@base-ui/react/alert-dialog";
import type { ReactNode } from "react";

interface Props {
  className?: string;
  children: ReactNode;
  title: string;
  text: string;
  action: string;
  /** What can't be taken back looks like it. */
  isDestructive?: boolean;
  onConfirm(): void;
  disabled?: boolean;
}

/** A button whose action is asked about once more; the focus goes to the dialog and comes back. */
export function ConfirmButton({ className = "button", children, title, text, action, ...rest }: Props) {
  return (
    <AlertDialog.Root>
      <AlertDialog.Trigger className={className} disabled={rest.disabled ?? false}>
        {children}
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-deep/55 transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <AlertDialog.Popup className="card fixed top-1/2 left-1/2 z-40 w-[min(27rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 p-6 shadow-2xl transition-[opacity,scale] data-[ending-style]:scale-97 data-[ending-style]:opacity-0 data-[starting-style]:scale-97 data-[starting-style]:opacity-0">
          <AlertDialog.Title className="text-lg font-bold tracking-tight break-words">{title}</AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-sm text-soft">{text}</AlertDialog.Description>
          <div className="mt-6 flex flex-wrap justify-end gap-3">
            <AlertDialog.Close className="button">Keep as it is</AlertDialog.Close>
            <AlertDialog.Close
              className={`button ${rest.isDestructive ? "button-bad-main" : "button-main"}`}
              onClick={rest.onConfirm}
            >
              {action}
            </AlertDialog.Close>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
