local function condition(of, type)
  if of.status ~= nil and of.status.conditions ~= nil then
    for _, it in ipairs(of.status.conditions) do
      if it.type == type then return it end
    end
  end
  return { status = "Unknown", reason = "", message = "" }
end

local ready = condition(obj, "Ready")
local rollout = condition(obj, "RolloutComplete")
local message = ready.reason
if ready.message ~= nil and ready.message ~= "" then message = message .. ": " .. ready.message end

if ready.status == "Unknown" and ready.reason == "" then
  return { status = "Progressing", message = "Waiting for the operator" }
end
if ready.observedGeneration ~= nil and ready.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "Waiting for the operator to see the change" }
end
if ready.status == "False" then
  return { status = "Degraded", message = message }
end
if rollout.status == "False" then
  return { status = "Progressing", message = rollout.reason .. ": " .. (rollout.message or "") }
end
return { status = "Healthy", message = message }
