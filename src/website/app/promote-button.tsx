import { RefreshCw, Rocket } from "lucide-react";
import type { Deployment } from "../../model/deployment.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { versionText } from "./format.ts";
import { type Actions, wishAgain } from "./use-actions.ts";

interface Props {
  deployment: Deployment;
  actions: Actions;
}

export function PromoteButton({ deployment, actions }: Props) {
  return (
    <ConfirmButton
      title={`Promote ${versionText(deployment)}?`}
      text="Production shows it at once. Nothing is built again, and you can roll back."
      action="Promote"
      disabled={actions.isBusy}
      onConfirm={() => actions.promote.mutate(deployment.id)}
    >
      <Rocket size={15} aria-hidden /> Promote
    </ConfirmButton>
  );
}

export function RedeployButton({ deployment, actions }: Props) {
  return (
    <ConfirmButton
      title={`Redeploy ${versionText(deployment)}?`}
      text={
        deployment.production
          ? "It is fetched and built anew, and goes to production when it is ready."
          : "It is fetched and built anew, as a preview."
      }
      action="Redeploy"
      disabled={actions.isBusy}
      onConfirm={() => actions.deploy.mutate(wishAgain(deployment))}
    >
      <RefreshCw size={15} aria-hidden /> Redeploy
    </ConfirmButton>
  );
}
