// Moderations: everything that other layers use of this format.
export { moderationsObserver } from './observer.ts';
