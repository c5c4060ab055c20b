/** FNV-1a of 32 bits over the code units of a text: tells a state file that was cut short or written over. */
export function checksum(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
