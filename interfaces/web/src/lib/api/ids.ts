/** Ids made by the browser. `crypto.randomUUID` is missing on plain http, so the bits are ours. */

let last = 0;
let sequence = 0;

/** A UUIDv7: sorts by time, also within one millisecond. */
export function newId(now: number = Date.now()): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	if (now <= last) {
		sequence = (sequence + 1) & 0xfff;
		now = last;
	} else {
		sequence = ((bytes[6]! & 0x07) << 8) | bytes[7]!;
		last = now;
	}
	const time = now.toString(16).padStart(12, '0');
	const rest = Array.from(bytes.subarray(8), (byte, index) =>
		(index === 0 ? (byte & 0x3f) | 0x80 : byte).toString(16).padStart(2, '0')
	).join('');
	const middle = (0x7000 | sequence).toString(16);
	return `${time.slice(0, 8)}-${time.slice(8)}-${middle}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}
