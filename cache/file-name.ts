import { sha256 } from './digest.js';

/** A name that any file system takes, and that no two texts share. */
export function fileName(text: string): string {
  return /^[a-z0-9][a-z0-9._@-]{0,120}$/.test(text)
    ? text
    : `${text.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 60)}-${sha256(text).slice(0, 8)}`;
}
