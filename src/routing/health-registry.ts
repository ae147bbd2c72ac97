// The one Durable Object through which isolates share the health of channels and keys. In memory only: after a
// reset, the isolates report again. The same class keeps the alerts (alerts/dispatcher.ts) in another object: a class of their own would
// need a migration, and Cloudflare rolls no Worker back over one.
import { alertsOf } from '../alerts/alerts.ts';
import { AlertDispatcher } from '../alerts/dispatcher.ts';
import { logWarning } from '../lib/log.ts';
import { Health, type TargetHealth } from './health.ts';
import { HealthAlerts } from './health-alerts.ts';

/** An entry is dropped this long after its last change. */
const forgottenAfterMs = 3_600_000;

export class HealthRegistry extends AlertDispatcher {
  private readonly known = new Health();
  private readonly alerts = new HealthAlerts();

  /** Adds a report. Returns all recent changes, so that recoveries are known too. */
  exchange(report: Record<string, TargetHealth>): Record<string, TargetHealth> {
    this.known.learn(report);
    const all = this.known.report();
    void this.tell(Object.fromEntries(Object.entries(all).filter(([name]) => Object.hasOwn(report, name))));
    const since = Date.now() - forgottenAfterMs;
    return Object.fromEntries(Object.entries(all).filter(([, { changedAtMs }]) => changedAtMs > since));
  }

  /** Reports incidents. What does not arrive is reported with the next change. Never rejects. */
  private async tell(changed: Record<string, TargetHealth>): Promise<void> {
    const signals = this.alerts.signalsOf(changed);
    if (signals.length === 0) return;
    try {
      await alertsOf(this.env.HEALTH).report(signals);
      this.alerts.arrived(changed);
    } catch (error) {
      logWarning('alerts-away', { error });
    }
  }
}
