// CPython's tests whose result under umwelt may differ from the host's, each with the reason.
const ADDRESSES = 'a process has 4 GiB of addresses, so a mapping of 4 GiB is ENOMEM'

export const KNOWN = {
  'test.test_mmap.LargeMmapTests.test_around_4GB': ADDRESSES,
}
