// Files that a page makes itself: nothing is sent anywhere.

/** Makes `link` save `text` under a name. */
export function offer(link, text, name) {
  if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  link.download = name;
}

/** The bytes of a chosen file. */
export const bytesOf = async (file) => new Uint8Array(await file.arrayBuffer());
