/** Of a ConfigMap's or a Secret's values together. */
export const maxDataBytes = 1024 * 1024

/** How many bytes a well-formed base64 text stands for. */
export function decodedLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return (base64.length / 4) * 3 - padding
}
