{{/* What both Deployments are: .root, .part (controller or gateway), .ports. */}}
{{- define "wo.deployment" -}}
{{- $root := .root -}}
{{- $values := index $root.Values .part -}}
{{- $name := include "wo.name" $root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}-{{ .part }}
  namespace: {{ $root.Release.Namespace | quote }}
  labels:
    {{- include "wo.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .part }}
spec:
  replicas: {{ $values.replicas }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  selector:
    matchLabels:
      {{- include "wo.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "wo.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .part }}
      {{- with $root.Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "wo.pod" (dict "root" $root "account" (printf "%s-%s" $name .part)) | nindent 6 }}
      # 25 s at most for its own end, and before that the gateway's pause.
      terminationGracePeriodSeconds: {{ ternary 40 30 (eq .part "gateway") }}
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm:
                topologyKey: kubernetes.io/hostname
                labelSelector:
                  matchLabels:
                    {{- include "wo.selector" . | nindent 20 }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "wo.selector" . | nindent 14 }}
      containers:
        -
          {{- include "wo.container" (dict "root" $root "part" .part "name" .part "args" (list .part)) | nindent 10 }}
          ports:
            - {name: metrics, containerPort: 8080}
            - {name: health, containerPort: 8081}
            {{- range .ports }}
            - {name: {{ .name }}, containerPort: {{ .port }}}
            {{- end }}
          {{- if eq .part "gateway" }}
          # It serves until proxies and load balancers send nothing more.
          lifecycle:
            preStop: {sleep: {seconds: 10}}
          {{- end }}
          # Whether it runs, and not whether it is ready: no database that is away restarts it.
          startupProbe:
            httpGet: {path: /healthz, port: health}
            periodSeconds: 2
            failureThreshold: 60
          # Often, as a roll-out waits for it Pod by Pod; and for 16 s, as an API server or a database may be away for a moment.
          # A node without CPU to spare answers late: without these gateways none would serve, and a restart costs it more.
          readinessProbe:
            httpGet: {path: /readyz, port: health}
            periodSeconds: 2
            timeoutSeconds: 5
            failureThreshold: 8
          livenessProbe:
            httpGet: {path: /healthz, port: health}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
      volumes:
        {{- include "wo.volumes" . | nindent 8 }}
{{- end -}}
