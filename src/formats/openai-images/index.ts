// Images: everything that other layers use of this format.
export { imagesObserver } from './events.ts';
export { readImagesUsage } from './usage.ts';
