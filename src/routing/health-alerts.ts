// Which changes of health are incidents: a channel that fails again and again, and a key that its provider rejects. Pure except for its own
// memory.
import type { AlertSignal, AlertStatus } from '../alerts/alert-event.ts';
import { rememberedTargets, type TargetHealth } from './health.ts';

/** A channel is down after so many failures in a row. One failure is a hiccup, and failover covers it. */
const failuresOfDown = 3;

type State = 'well' | 'down' | 'rejected';

export class HealthAlerts {
  private readonly reported = new Map<string, State>();

  /** Returns the signals of a report whose state is not the one that was reported last. */
  signalsOf(report: Readonly<Record<string, TargetHealth>>): AlertSignal[] {
    return Object.entries(report).flatMap(([name, health]) => {
      const state = stateOf(health);
      // Limits of single models are not the channel's.
      if (state === null || name.includes('#') || this.reported.get(name) === state) return [];
      const isNews = state !== 'well' || this.reported.has(name) || health.lastErrorAtMs > 0;
      return isNews ? signalsAbout(name, state, health) : [];
    });
  }

  /** Records that the signals of a report have arrived. */
  arrived(report: Readonly<Record<string, TargetHealth>>): void {
    for (const [name, health] of Object.entries(report)) {
      const state = stateOf(health);
      if (state === null || name.includes('#')) continue;
      const oldest = this.reported.keys().next().value;
      if (this.reported.size >= rememberedTargets && oldest !== undefined) this.reported.delete(oldest);
      this.reported.set(name, state);
    }
  }
}

/** Null: some failures, which mean neither. */
function stateOf({ failures, isRefused }: TargetHealth): State | null {
  if (isRefused) return 'rejected';
  if (failures === 0) return 'well';
  return failures >= failuresOfDown ? 'down' : null;
}

function signalsAbout(name: string, state: State, health: TargetHealth): AlertSignal[] {
  const [channelId = '', keyId = null] = name.split('/');
  const error = health.lastMessage ?? health.lastError;
  const facts = { channel_id: channelId, ...(keyId !== null && { key_id: keyId }), error };
  const rejected = (status: AlertStatus): AlertSignal => ({
    event: 'channel.key_rejected',
    subject: name,
    status,
    facts,
  });
  const down = (status: AlertStatus): AlertSignal => ({
    event: 'channel.down',
    subject: channelId,
    status,
    facts,
  });
  switch (state) {
    case 'rejected':
      return [rejected('opened')];
    case 'down':
      return keyId === null ? [down('opened')] : [];
    case 'well':
      return keyId === null ? [down('resolved'), rejected('resolved')] : [rejected('resolved')];
  }
}
