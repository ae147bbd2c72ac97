// Images: everything that other layers use of this format.
export { imagesObserver } from './observer.ts';
