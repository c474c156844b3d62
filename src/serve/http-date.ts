const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = "\\d{2}:\\d{2}:\\d{2}";
const IMF_FIXDATE = new RegExp(`^${DAY}, \\d{2} ${MONTH} \\d{4} ${TIME} GMT$`);
const RFC850 = new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d{2})-(${MONTH})-(\\d{2}) (${TIME}) GMT$`);
const ASCTIME = new RegExp(`^${DAY} (${MONTH}) ([ \\d]\\d) (${TIME}) (\\d{4})$`);

/**
 * Milliseconds since 1970 of an HTTP date in one of the three forms of RFC 9110 section 5.6.7.
 * @returns undefined for anything else: a condition with it does not count
 */
export function parseHttpDate(text: string): number | undefined {
  const time = Date.parse(toFixdate(text) ?? "");
  return Number.isNaN(time) ? undefined : time;
}

function toFixdate(text: string): string | undefined {
  if (IMF_FIXDATE.test(text)) return text;
  const old = RFC850.exec(text);
  if (old) return `${old[1]} ${old[2]} ${century(Number(old[3]))} ${old[4]} GMT`;
  const unix = ASCTIME.exec(text);
  return unix ? `${unix[2]!.trim()} ${unix[1]} ${unix[4]} ${unix[3]} GMT` : undefined;
}

/** Two digits of a year that would lie more than 50 years ahead are of the century before. */
function century(twoDigits: number): number {
  const thisYear = new Date().getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}
