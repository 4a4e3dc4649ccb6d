import fc from 'fast-check';

/** The seed of all property tests: one fixed set of cases, so that a run can be repeated. Another number draws others. */
fc.configureGlobal({ seed: Number(process.env.CONTRAFIT_TEST_SEED ?? 20260101) });
