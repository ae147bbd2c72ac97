// The charge of an answer: its usage at the price of the model that served it.
import { isObject } from '../../formats/json-reader.ts';
import type { Meter } from '../../formats/meter.ts';
import type { OtherModelUsage } from '../../formats/observation.ts';
import type { Usage } from '../../formats/usage.ts';
import { type Charge, chargeFor, costOfCharge } from '../../metering/charge.ts';
import type { Rates } from '../../metering/rates.ts';
import { type ServedModel, servedModelOf } from '../../metering/served-model.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { Plan } from '../plan/plan.ts';
import { bodyValue } from '../request/read-body.ts';

/** The answer's own usage, and that of models that worked for it. */
export interface Used {
  usage: Usage;
  others: readonly OtherModelUsage[];
}

interface AnswerToCharge {
  used: Used;
  meter: Meter;
  route: PricedRoute;
  plan: Plan;
  /** The requested model's. */
  rates: Rates;
}

/** Returns the charge. A model that the upstream fell back to is charged at its own price. */
export function chargeOfAnswer(answer: AnswerToCharge): Charge {
  const { meter, route, plan, rates } = answer;
  const request = bodyValue(plan.body);
  const names = [route.upstreamModel, route.model, plan.model].filter((name) => name !== null);
  const served = servedModelOf(isObject(request) ? request : {}, names, meter);
  if (served === null) return chargeAt(answer, rates, null);
  const own = plan.ratesOf(route, served.named);
  return own === null ? dearestCharge(answer, served) : chargeAt(answer, own, served.named);
}

/** A served model without a price costs the highest price of the models that the request names. */
function dearestCharge(answer: AnswerToCharge, { named, others }: ServedModel): Charge {
  const { plan, route, rates } = answer;
  const prices = [rates, ...others.map((other) => plan.ratesOf(route, other))].filter(
    (price) => price !== null,
  );
  const charges = prices.map((price) => chargeAt(answer, price, named));
  return charges.reduce((highest, charge) =>
    costOfCharge(charge) > costOfCharge(highest) ? charge : highest,
  );
}

function chargeAt({ used, meter, route, plan }: AnswerToCharge, rates: Rates, served: string | null): Charge {
  const charged = {
    ...used,
    provider: route.channel.provider,
    model: served ?? route.upstreamModel,
    ...(served !== null && { isServedByOther: true }),
    terms: { tier: meter.serviceTier, region: meter.servedIn },
    multiplier: plan.multiplier,
  };
  return chargeFor(charged, rates, (model) => plan.ratesOf(route, model));
}
