// The state that the items of one streamed response share. Types only.
/** What the items of one answer share. */
export interface ItemStreams {
  nextPart: number;
  /** A call of the client's tools was made; a refusal was said. */
  calls: boolean;
  refusal: boolean;
}
