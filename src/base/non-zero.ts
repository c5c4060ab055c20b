/** For numbers that the API leaves out when they are zero (Go's `omitempty`); together with `defined`. */
export const nonZero = (value: number): number | undefined => (value === 0 ? undefined : value)
