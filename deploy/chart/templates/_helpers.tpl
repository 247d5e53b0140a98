{{- define "wo.name" -}}
{{- default .Chart.Name .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "wo.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "wo.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- /* A build of SemVer, "+…", fits neither a label nor a tag. */}}
app.kubernetes.io/version: {{ .Chart.AppVersion | replace "+" "_" | trunc 63 | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "wo.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default (.Chart.AppVersion | replace "+" "_") }}
{{- end -}}
{{- end -}}

{{/* The ConfigMap with EC2's certificates: the given one, or the chart's own. */}}
{{- define "wo.identity" -}}
{{- .Values.gateway.identityCertificates.existingConfigMap | default (printf "%s-ec2-identity" (include "wo.name" .)) -}}
{{- end -}}

{{/* What files a part (.root, .part) reads: env and volumes, as YAML. A volume is mounted below /etc/workspace-operator. */}}
{{- define "wo.files" -}}
{{- $values := .root.Values -}}
{{- $folder := "/etc/workspace-operator" -}}
env:
  {{- with $values.gateway.ca.existingConfigMap }}
  WORKSPACE_GATEWAY_CA_FILE: {{ printf "%s/ca/%s" $folder $values.gateway.ca.key | quote }}
  {{- end }}
  {{- with $values.database.ca.existingConfigMap }}
  WORKSPACE_DATABASE_CA_FILE: {{ printf "%s/database-ca/%s" $folder $values.database.ca.key | quote }}
  {{- end }}
  {{- with $values.database.password.existingSecret }}
  WORKSPACE_DATABASE_PASSWORD_FILE: {{ printf "%s/database-password/%s" $folder $values.database.password.key | quote }}
  {{- end }}
  {{- if eq .part "gateway" }}
  WORKSPACE_GATEWAY_TLS_CERT_FILE: {{ $folder }}/tls/tls.crt
  WORKSPACE_GATEWAY_TLS_KEY_FILE: {{ $folder }}/tls/tls.key
  WORKSPACE_GATEWAY_IDENTITY_CERTIFICATES_FILE: {{ printf "%s/identity/%s" $folder $values.gateway.identityCertificates.key | quote }}
  {{- end }}
volumes:
  {{- with $values.gateway.ca.existingConfigMap }}
  ca: {configMap: {name: {{ . | quote }}}}
  {{- end }}
  {{- with $values.database.ca.existingConfigMap }}
  database-ca: {configMap: {name: {{ . | quote }}}}
  {{- end }}
  {{- with $values.database.password.existingSecret }}
  database-password: {secret: {secretName: {{ . | quote }}}}
  {{- end }}
  {{- if eq .part "gateway" }}
  tls: {secret: {secretName: {{ $values.gateway.tls.existingSecret | quote }}}}
  identity: {configMap: {name: {{ include "wo.identity" .root | quote }}}}
  {{- end }}
{{- end -}}

{{/* What every Pod of the chart has: .root, .account. */}}
{{- define "wo.pod" -}}
{{- $root := .root -}}
serviceAccountName: {{ .account }}
enableServiceLinks: false
{{- with $root.Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* The operator's container with everything that a part needs: .root, .part, .name, .args. */}}
{{- define "wo.container" -}}
{{- $root := .root -}}
{{- $files := include "wo.files" . | fromYaml -}}
name: {{ .name }}
image: {{ include "wo.image" $root | quote }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
args:
  {{- toYaml .args | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
env:
  - name: WORKSPACE_KUBERNETES_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  {{- with $root.Values.watchNamespaces }}
  - name: WORKSPACE_WATCH_NAMESPACES
    value: {{ join "," . | quote }}
  {{- end }}
  - name: AWS_REGION
    value: {{ $root.Values.aws.region | quote }}
  {{- with $root.Values.aws.accountID }}
  - name: AWS_ACCOUNT_ID
    value: {{ . | quote }}
  {{- end }}
  {{- with $root.Values.aws.eventsQueueURL }}
  - name: WORKSPACE_AWS_EVENTS_QUEUE_URL
    value: {{ . | quote }}
  {{- end }}
  - name: DATABASE_URL
    valueFrom:
      secretKeyRef:
        name: {{ $root.Values.database.existingSecret | quote }}
        key: {{ $root.Values.database.key | quote }}
  - name: WORKSPACE_GATEWAY_URL
    value: {{ $root.Values.gateway.url | quote }}
  {{- range $name, $value := $files.env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
  {{- range $name, $value := $root.Values.settings }}
  {{- range $root.Values.extraEnv }}
  {{- if eq .name $name }}
  {{- fail (printf "%s is in settings and in extraEnv: leave one of them out" $name) }}
  {{- end }}
  {{- end }}
  - name: {{ $name }}
    {{- /* Helm reads whole numbers as floats, and would write 1e+06. */}}
    value: {{ ternary (int64 $value | toString) (toString $value) (kindIs "float64" $value) | quote }}
  {{- end }}
  {{- with $root.Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml (index $root.Values .part).resources | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- range $name, $_ := $files.volumes }}
  - {name: {{ $name }}, mountPath: /etc/workspace-operator/{{ $name }}, readOnly: true}
  {{- end }}
  {{- with $root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "wo.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- range $name, $source := (include "wo.files" . | fromYaml).volumes }}
- name: {{ $name }}
  {{- toYaml $source | nindent 2 }}
{{- end }}
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
