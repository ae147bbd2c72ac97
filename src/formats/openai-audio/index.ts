// Speech, transcription and translation: everything that other layers use of these formats.
export { speechObserver, transcriptionObserver } from './events.ts';
export { readAudioUsage } from './usage.ts';
