local function condition(of, type)
  if of.status ~= nil and of.status.conditions ~= nil then
    for _, it in ipairs(of.status.conditions) do
      if it.type == type then return it end
    end
  end
  return { status = "Unknown", reason = "", message = "" }
end

local ready = condition(obj, "Ready")
local stalled = condition(obj, "Stalled")
local reconciling = condition(obj, "Reconciling")
local message = ready.reason
if ready.message ~= nil and ready.message ~= "" then message = message .. ": " .. ready.message end

if ready.status == "Unknown" and ready.reason == "" then
  return { status = "Progressing", message = "Waiting for the operator" }
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "Waiting for the operator to see the change" }
end
if stalled.status == "True" then
  if stalled.message ~= nil and stalled.message ~= "" then
    message = stalled.reason .. ": " .. stalled.message
  end
  return { status = "Degraded", message = message }
end
if ready.reason == "Stopped" or ready.reason == "Paused" then
  return { status = "Suspended", message = message }
end
if ready.status == "True" and reconciling.status ~= "True" and obj.metadata.deletionTimestamp == nil then
  return { status = "Healthy", message = message }
end
return { status = "Progressing", message = message }
