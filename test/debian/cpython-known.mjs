// CPython's tests whose result under umwelt may differ from the host's, each with the reason.
const ADDRESSES = 'a process has 4 GiB of addresses, so a mapping of 4 GiB is ENOMEM'

const CLOCK = 'the clock is the host’s: setting it is EPERM, which the test takes as a reason to be skipped'

export const KNOWN = {
  'test.test_mmap.LargeMmapTests.test_around_4GB': ADDRESSES,
  'test.test_time.TimeTestCase.test_monotonic_settime': CLOCK,
}
