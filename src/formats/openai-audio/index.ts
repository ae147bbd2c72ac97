// Speech, transcription and translation: everything that other layers use of these formats.
export { speechObserver, transcriptionObserver } from './observer.ts';
