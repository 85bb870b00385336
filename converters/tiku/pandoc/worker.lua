-- Reads one document after the other for `worker.py`, which runs this by `pandoc lua`.
--
-- A request is the line "FORMAT BYTES" and so many bytes of text in UTF-8; the answer is the line "ok BYTES BYTES", the
-- document as pandoc's JSON and the messages as a JSON list, or "error 0 0". The script ends with its input.
--
-- The empty table that is the last argument of `pandoc.read` is the file system that the reader sees. Older versions of
-- pandoc do not know that argument, and would read any file a document names: there is no greeting from those.

local options = pandoc.ReaderOptions {}

local function sandboxed()
  local told = pandoc.read('.. include:: a\n', 'rst', options, { a = 'told' })
  return pandoc.utils.stringify(told) == 'told'
end

-- The error is caught inside `silence`, so that the state is the same after it as before.
local function parse(format, text)
  local known, document
  local messages = pandoc.log.silence(function()
    known, document = pcall(pandoc.read, text, format, options, {})
  end)
  if not known then
    return nil
  end
  local said = {} -- in the order of the text: the last message comes first
  for index = #messages, 1, -1 do
    table.insert(said, pandoc.json.encode(messages[index]))
  end
  return pandoc.write(document, 'json'), '[' .. table.concat(said, ',') .. ']'
end

local known, safe = pcall(sandboxed)
if not (known and safe and pandoc.log.silence) then
  os.exit(1)
end
io.stdout:setvbuf('full')
io.write('tiku 1\n')
io.flush()
for head in io.lines() do
  local format, size = head:match('^(%S+) (%d+)$')
  local wanted = tonumber(size)
  local text = wanted > 0 and io.read(wanted) or ''
  if #text < wanted then
    break
  end
  local document, messages = parse(format, text)
  if document then
    io.write('ok ', #document, ' ', #messages, '\n', document, messages)
  else
    io.write('error 0 0\n')
  end
  if not io.flush() then
    break
  end
end
