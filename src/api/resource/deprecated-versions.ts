/** Since when versions of this group are deprecated, and from when on they are gone. */
export const v1beta1Lifecycle = { since: '1.35', removed: '1.38' }
export const v1beta2Lifecycle = { since: '1.36', removed: '1.39' }
