// The steps to the first request. Script (first-steps.js) ticks them as they are done.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';

const texts = () => messages().connect;

/** Which steps are done. */
export interface Progress {
  /** For admins. The demo upstream does not count. */
  channel: boolean;
  token: boolean;
  request: boolean;
}

const steps = [
  { key: 'channel', href: '/dashboard/channels/new', isAdmin: true },
  { key: 'token', href: '/dashboard/tokens/new', isAdmin: false },
  { key: 'request', href: '/dashboard/connect#tools', isAdmin: false },
] as const satisfies readonly { key: keyof Progress; href: string; isAdmin: boolean }[];

/** `progress` null: not known; script finds out. Renders nothing when all is done. */
export const FirstSteps: FC<{ progress: Progress | null; isAdmin: boolean }> = ({ progress, isAdmin }) => {
  const shown = steps.filter((step) => isAdmin || !step.isAdmin);
  if (progress !== null && shown.every(({ key }) => progress[key])) return null;
  return (
    <article id="first-steps" data-done={texts().done}>
      <script src="/first-steps.js" type="module"></script>
      <h2>{texts().firstSteps}</h2>
      <ol aria-live="polite">
        {shown.map(({ key, href }) => (
          <li data-step={key} class={progress?.[key] ? 'done' : undefined}>
            <a href={href}>{texts().steps[key]}</a> <small>{texts().stepHelp[key]}</small>
            <strong class="tick">{progress?.[key] ? texts().done : ''}</strong>
          </li>
        ))}
      </ol>
    </article>
  );
};
