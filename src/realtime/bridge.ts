// Two sockets and what passes between them: every frame unchanged and in order, both ways, until one side ends, which
// ends the other at once. Knows nothing of what frames say; it asks. The platform's sockets take whatever is sent
// without telling how much waits: the bounds here are on what the relay itself holds back.
import {
  type Closing,
  closeCodes,
  closingForClient,
  closingForError,
  closingForUpstream,
  closingOfError,
} from './close-codes.ts';
import { type Frame, sizeOf, type Verdict } from './frames.ts';
import { realtimeLimits } from './limits.ts';

/** Who ended a session, how, and its error code for the log, or null. */
export interface SessionEnd {
  by: 'client' | 'upstream' | 'relay';
  errorCode: string | null;
  /** Why, in words. Absent: the code says it. */
  errorText?: string | null;
}

export interface BridgeHandlers {
  /** Checks a client's frame before it is passed on. */
  checkFrame(frame: Frame): Verdict | Promise<Verdict>;
  /** Observes an upstream's frame before it is passed on. */
  observeFrame(frame: Frame): void;
  /** The upstream went away like that before its first frame: another one, or null. */
  reconnect(closing: Closing): Promise<WebSocket | null>;
  /** Whether an upstream that closes like that refuses the relay's own key or account, which is not the client's to read. */
  refusesRelay(closing: Closing): boolean;
  /** Returns the close equivalent to a refusal in the upstream's first frame, or null. */
  refusalIn(frame: Frame): Closing | null;
  /** Returns the client's last event when every upstream refused the relay's key, or null if its API has none. */
  refusedEvent(): string | null;
  /** Called once. Both sockets are closed by then. */
  ended(end: SessionEnd): void;
}

export class Bridge {
  private readonly client: WebSocket;
  private readonly handlers: BridgeHandlers;
  private upstream: WebSocket | null = null;
  /** Sent to every upstream first. */
  private prelude: string | null = null;
  /** Frames of the client that wait for a verdict or for the upstream. */
  private readonly waiting: Frame[] = [];
  private waitingSize = 0;
  /** Frames sent before the upstream's first frame, to be sent again to another; null after that frame, or if they are too large. */
  private sentFrames: (() => Frame)[] | null = [];
  private sentSize = 0;
  private hasSpoken = false;
  private isJudging = false;
  private isOver = false;
  /** The client's first frame. It keeps its position. */
  readonly firstFrame: Promise<Frame>;
  private readonly tellFirst: (frame: Frame) => void;

  constructor(client: WebSocket, handlers: BridgeHandlers) {
    this.client = client;
    this.handlers = handlers;
    const { promise, resolve } = Promise.withResolvers<Frame>();
    this.firstFrame = promise;
    this.tellFirst = resolve;
    client.binaryType = 'arraybuffer';
    client.addEventListener('message', ({ data }) => this.fromClient(data as Frame));
    client.addEventListener('close', ({ code, reason }) => this.clientGone({ code, reason }));
    client.addEventListener('error', (event) => this.clientGone(closingOfError(event)));
    client.accept();
  }

  /** Attaches the upstream's socket. `prelude` is sent before any frame of the client's. */
  attach(upstream: WebSocket, prelude: string | null): void {
    this.prelude = prelude;
    upstream.binaryType = 'arraybuffer';
    upstream.addEventListener('message', ({ data }) => this.fromUpstream(upstream, data as Frame));
    upstream.addEventListener('close', ({ code, reason }) => this.upstreamGone(upstream, { code, reason }));
    upstream.addEventListener('error', (event) => this.upstreamGone(upstream, closingOfError(event)));
    upstream.accept();
    if (this.isOver) {
      closeSocket(upstream, { code: closeCodes.going_away, reason: '' });
      return;
    }
    this.upstream = upstream;
    if (prelude !== null) this.sendUpstream(prelude);
    for (const again of this.sentFrames ?? []) this.sendUpstream(again());
    this.drain();
  }

  /** The relay's own word to the client. */
  sendClient(text: string): void {
    if (!this.isOver) send(this.client, text);
  }

  /** … and to the upstream. */
  sendUpstream(frame: Frame): void {
    if (this.upstream !== null) send(this.upstream, frame);
  }

  /** Ends the session on both sides; `event` is the client's last. */
  end(closing: Closing, event: string | null, errorCode: string | null, errorText?: string): void {
    if (event !== null) this.sendClient(event);
    this.finish({ by: 'relay', errorCode, ...(errorText !== undefined && { errorText }) }, closing, {
      code: closeCodes.going_away,
      reason: '',
    });
  }

  private fromClient(frame: Frame): void {
    if (this.isOver) return;
    this.tellFirst(frame);
    const isFree = !this.isJudging && this.upstream !== null && this.waiting.length === 0;
    if (isFree) this.handle(frame);
    else this.hold(frame);
  }

  private hold(frame: Frame): void {
    this.waiting.push(frame);
    this.waitingSize += sizeOf(frame);
    if (this.waitingSize > realtimeLimits.backlogBytes)
      this.end({ code: closeCodes.too_big, reason: 'backlog_exceeded' }, null, 'request_too_large');
  }

  private fromUpstream(upstream: WebSocket, frame: Frame): void {
    if (this.isOver || upstream !== this.upstream) return;
    const refusal = this.hasSpoken ? null : this.handlers.refusalIn(frame);
    if (refusal !== null) {
      this.upstreamGone(upstream, refusal);
      return;
    }
    this.hasSpoken = true;
    this.sentFrames = null;
    this.handlers.observeFrame(frame);
    send(this.client, frame);
  }

  private handle(frame: Frame): void {
    const verdict = this.handlers.checkFrame(frame);
    if (!(verdict instanceof Promise)) {
      this.apply(verdict);
      return;
    }
    this.isJudging = true;
    void verdict.then((decided) => {
      this.isJudging = false;
      this.apply(decided);
      this.drain();
    });
  }

  private drain(): void {
    while (!this.isJudging && !this.isOver && this.upstream !== null) {
      const frame = this.waiting.shift();
      if (frame === undefined) return;
      this.waitingSize -= sizeOf(frame);
      this.handle(frame);
    }
  }

  private apply(verdict: Verdict): void {
    if (this.isOver) return;
    switch (verdict.outcome) {
      case 'pass':
        this.remember(verdict.frame, verdict.again);
        this.sendUpstream(verdict.frame);
        break;
      case 'refused':
        this.sendClient(verdict.event);
        break;
      case 'end': {
        const { code, message } = verdict.error;
        this.end(closingForError(code), verdict.event, code, message);
      }
    }
  }

  /** Keeps a frame, to be sent again, until the upstream's first frame. */
  private remember(frame: Frame, again: () => Frame = () => frame): void {
    if (this.sentFrames === null) return;
    this.sentSize += sizeOf(frame);
    if (this.sentSize > realtimeLimits.replayedBytes) this.sentFrames = null;
    else this.sentFrames.push(again);
  }

  private clientGone(closing: Closing): void {
    const errorCode = closing.code === 1006 ? 'client_left' : null;
    const sayable = closingForUpstream(closing);
    this.finish({ by: 'client', errorCode }, sayable, sayable);
  }

  private upstreamGone(upstream: WebSocket, closing: Closing): void {
    if (this.isOver || upstream !== this.upstream) return;
    this.upstream = null;
    closeSocket(upstream, closingForUpstream(closing));
    if (this.sentFrames === null) this.upstreamEnded(closing);
    else this.tryAnother(closing);
  }

  private tryAnother(closing: Closing): void {
    void this.handlers.reconnect(closing).then((next) => {
      if (next === null) this.upstreamEnded(closing);
      else this.attach(next, this.prelude);
    });
  }

  private upstreamEnded(closing: Closing): void {
    if (this.handlers.refusesRelay(closing)) {
      const refused = { code: closeCodes.upstream, reason: 'upstream_refused_relay' };
      const event = this.handlers.refusedEvent();
      if (event !== null) this.sendClient(event);
      const errorText = 'The model provider refused the account of this relay.';
      this.finish({ by: 'upstream', errorCode: refused.reason, errorText }, refused, null);
      return;
    }
    const isAsItShould = closing.code === 1000 || closing.code === 1005;
    const errorCode = closing.code === 1006 ? 'upstream_lost' : `upstream_closed_${closing.code}`;
    this.finish(
      isAsItShould
        ? { by: 'upstream', errorCode: null }
        : { by: 'upstream', errorCode, ...textPart(closing) },
      closingForClient(closing),
      null,
    );
  }

  private finish(end: SessionEnd, forClient: Closing | null, forUpstream: Closing | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.waiting.length = 0;
    closeSocket(this.client, forClient);
    if (this.upstream !== null) closeSocket(this.upstream, forUpstream);
    this.handlers.ended(end);
  }
}

/** Returns what an upstream's close says, or null if it broke off. */
export function textOfClosing({ code, reason }: Closing): string | null {
  if (code === 1006) return null;
  return `The model provider closed the session with code ${code}${reason === '' ? '.' : `: ${reason}`}`;
}

function textPart(closing: Closing): Pick<SessionEnd, 'errorText'> {
  const errorText = textOfClosing(closing);
  return errorText === null ? {} : { errorText };
}

/** A socket that is closed already takes nothing; its close event reports that. */
function send(socket: WebSocket, frame: Frame): void {
  try {
    socket.send(frame);
  } catch {
    // See above.
  }
}

/** Closes a socket; null closes it without a code. */
function closeSocket(socket: WebSocket, closing: Closing | null): void {
  try {
    if (closing === null) socket.close();
    else socket.close(closing.code, closing.reason);
  } catch {
    // It is closed.
  }
}
