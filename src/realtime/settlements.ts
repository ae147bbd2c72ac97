// Delivers a session's charges to its token's ledger: stored first, then sent until confirmed, by the object's alarm if the session ends before.
// Settling is idempotent by row id.
import { logWarning } from '../lib/log.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { Settlement } from '../quota/quota.ts';
import { realtimeLimits } from './limits.ts';
import { SettlementStore } from './settlement-store.ts';

/** Pauses between deliveries of what is only in memory; what is stored has the alarm. */
const freePausesMs = [200, 1_000, 4_000, 8_000];

export class Settlements {
  private readonly store: SettlementStore;
  private readonly storage: DurableObjectStorage;
  private readonly ledgers: Pick<LedgerClient, 'charge'>;
  private readonly unconfirmed = new Map<string, Settlement>();
  private delivery: Promise<void> | null = null;
  private used = false;

  constructor(storage: DurableObjectStorage, ledgers: Pick<LedgerClient, 'charge'>) {
    this.storage = storage;
    this.store = new SettlementStore(storage.sql);
    this.ledgers = ledgers;
  }

  /** Takes on a settlement; it is durable before anything that is sent after this call arrives. */
  add(settlement: Settlement): void {
    this.used = true;
    this.unconfirmed.set(settlement.row.id, settlement);
    this.store.put(settlement);
    void this.storage.setAlarm(Date.now() + realtimeLimits.resendMs);
    void this.deliver();
  }

  /** Takes on one that costs nothing and is not worth a write. If it is lost with the process, the ledger makes the row. */
  addFree(settlement: Settlement): void {
    this.unconfirmed.set(settlement.row.id, settlement);
  }

  /** Loads what a process that died has left. */
  recover(): void {
    this.used = true;
    for (const settlement of this.store.all()) this.unconfirmed.set(settlement.row.id, settlement);
  }

  /** Sends all that is not confirmed. Never rejects: `alarm` sends again what fails. */
  async deliver(): Promise<void> {
    while (this.delivery !== null) await this.delivery;
    if (this.unconfirmed.size === 0) return;
    this.delivery = this.send([...this.unconfirmed.values()]);
    await this.delivery;
  }

  /** Whether the ledger has confirmed all. */
  get isEmpty(): boolean {
    return this.unconfirmed.size === 0;
  }

  /** Sends again what is not confirmed, and sets the alarm for what fails. */
  async alarm(): Promise<void> {
    await this.deliver();
    if (!this.isEmpty) await this.storage.setAlarm(Date.now() + realtimeLimits.resendMs);
  }

  /** The session is over: empties the storage once all is confirmed. */
  async clear(): Promise<void> {
    for (const pauseMs of freePausesMs) {
      await this.deliver();
      if (this.isEmpty || this.used) break;
      await scheduler.wait(pauseMs);
    }
    if (!this.used || !this.isEmpty) return;
    await this.storage.deleteAlarm();
    await this.storage.deleteAll();
    this.store.forget();
  }

  private async send(settlements: Settlement[]): Promise<void> {
    try {
      const tokenId = settlements[0]?.row.tokenId ?? '';
      await this.ledgers.charge(tokenId, settlements);
      for (const { row } of settlements) this.unconfirmed.delete(row.id);
      if (this.used) this.store.remove(settlements);
    } catch (error) {
      logWarning('realtime-settlement-unconfirmed', { error });
    } finally {
      this.delivery = null;
    }
  }
}
