import { AlertDialog } from "@base-ui/react/alert-dialog";
import type { ReactNode } from "react";

interface Props {
  className?: string;
  children: ReactNode;
  title: string;
  text: string;
  action: string;
  onConfirm(): void;
  disabled?: boolean;
}

/** A button whose action is asked about once more; the focus goes to the dialog and comes back. */
export function ConfirmButton({ className = "button", children, title, text, action, onConfirm, disabled }: Props) {
  return (
    <AlertDialog.Root>
      <AlertDialog.Trigger className={className} disabled={disabled ?? false}>
        {children}
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 bg-black/40" />
        <AlertDialog.Popup className="card fixed top-1/2 left-1/2 w-[min(26rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 p-6 shadow-xl">
          <AlertDialog.Title className="text-lg font-semibold tracking-tight">{title}</AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-soft">{text}</AlertDialog.Description>
          <div className="mt-6 flex justify-end gap-3">
            <AlertDialog.Close className="button">Keep as it is</AlertDialog.Close>
            <AlertDialog.Close className="button button-main" onClick={onConfirm}>
              {action}
            </AlertDialog.Close>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
