// CPython's tests whose result under umwelt may differ from the host's, each with the reason.
export const KNOWN = {}
