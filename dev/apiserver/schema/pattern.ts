const notInRE2 = /\(\?<?[=!]|\\[1-9]|\(\?<[A-Za-z_]|\\k</;

/**
 * A schema's pattern as the API server reads it, which is RE2: what RE2 lacks (look-around, back-references) is
 * refused here too, so that no CRD passes that the real server refuses.
 * @throws Error when the pattern isn't one
 */
export function compilePattern(pattern: string): RegExp {
  if (notInRE2.test(pattern.replaceAll(/\\\\/g, ''))) {
    throw new Error(`invalid or unsupported Perl syntax in ${JSON.stringify(pattern)}`);
  }
  const source = pattern.replaceAll(/\\z/g, '$').replaceAll(/\\A/g, '^');
  try {
    return new RegExp(source, 'u');
  } catch {
    // RE2 lets any punctuation be escaped, as JavaScript does only without the u flag.
    return new RegExp(source);
  }
}
